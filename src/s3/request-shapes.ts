import { createRequestShape, type RequestShape } from './sigv4-query.ts';

/** How many sets of names are remembered. Callers choose the names of metadata, and could make up any number. */
const SHAPES_MAX = 256;

/** Finds the shape of a request by the names of what changes: clients ask for the same set again and again. */
export type FindShape = (headerNames: readonly string[], parameterNames?: readonly string[]) => RequestShape;

/** For requests of one operation, all with the same further `query`. */
export function createShapeFinder(method: string, query: RequestShape['query']): FindShape {
  const shapes = new Map<string, RequestShape>();
  return (headerNames, parameterNames = []) => {
    // Neither mark is legal in the name of a header.
    const list = `${headerNames.join()}?${parameterNames.join()}`;
    let shape = shapes.get(list);
    if (shape === undefined) {
      if (shapes.size >= SHAPES_MAX) shapes.clear();
      shape = createRequestShape(method, headerNames, query, parameterNames);
      shapes.set(list, shape);
    }
    return shape;
  };
}
