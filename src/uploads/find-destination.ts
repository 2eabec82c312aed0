import { Fault } from '../fault/fault.ts';
import type { UploadDestination, UploadDestinations } from './destination.ts';
import { DEFAULT_DESTINATION } from './upload.ts';

/**
 * The destination of that name, or the default one. Throws a Fault INVALID_REQUEST for a name that the settings do not
 * have, with those that they do.
 */
export function findDestination(
  destinations: UploadDestinations,
  asked: string | undefined,
): UploadDestination {
  const destination = destinations.get(asked ?? DEFAULT_DESTINATION);
  if (destination !== undefined) return destination;
  const message = `must be one of ${[...destinations.keys()].join(', ')}`;
  throw new Fault('INVALID_REQUEST', { fields: [{ field: 'destination', message }] });
}
