import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { getOption, hasOption } from '@bufbuild/protobuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { access } from '../../../gen/access/v1/access_pb.js';
import { http } from '../../../gen/google/api/annotations_pb.js';
import { httpBindingsOf } from '../../../src/rest/http-binding.ts';
import { accessRuleOf } from '../../../src/rpc/access.ts';
import { createTestDoors } from '../../support/test-doors.ts';

const root = join(import.meta.dirname, '../../..');

const filesIn = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith(ending),
  );

/** Every service whose proto file is our own, whether or not anybody serves it. */
async function findProductServices(): Promise<DescService[]> {
  const ours = filesIn('proto', '.proto').filter((path) => !path.startsWith('third_party'));
  const generated = filesIn('gen', '_pb.js').filter((path) =>
    ours.includes(path.replace('_pb.js', '.proto')),
  );
  const modules: object[] = await Promise.all(
    generated.map((path) => import(pathToFileURL(join(root, 'gen', path)).href)),
  );
  return modules.flatMap((exports) => Object.values(exports)).filter(isService);
}

function isService(value: unknown): value is DescService {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'service';
}

const nameOf = ({ parent, name }: DescMethod) => `${parent.typeName}/${name}`;

describe('every method of the product', () => {
  const doors = createTestDoors();
  let services: DescService[] = [];
  let methods: DescMethod[] = [];

  beforeAll(async () => {
    services = await findProductServices();
    methods = services.flatMap((service) => service.methods);
  });

  it('is found, and served', () => {
    expect(services.map(({ typeName }) => typeName).sort()).toEqual([
      'apikeys.v1.ApiKeyService',
      'upload.v1.UploadService',
    ]);
    expect(doors.rpcDoor.calls.map(({ route }) => route).sort()).toEqual(methods.map(nameOf).sort());
    for (const method of methods) expect(doors.rpcDoor.match(`/${nameOf(method)}`)).toBeDefined();
  });

  /** Without one a method would be open to nobody or, worse, to everybody. */
  it('has a rule that says who may call it', () => {
    for (const method of methods) {
      expect(hasOption(method, access), nameOf(method)).toBe(true);
      expect(() => accessRuleOf(method), nameOf(method)).not.toThrow();
    }
    const anyKey = methods.filter((method) => getOption(method, access).anyScope);
    expect(anyKey.map(nameOf)).toEqual(['apikeys.v1.ApiKeyService/WhoAmI']);
  });

  /** What changes keys grants something: a misspelt restriction must not become a missing one. */
  it('that takes a body of the keys refuses fields that it does not know', () => {
    const granting = methods.filter(
      (method) =>
        method.parent.typeName === 'apikeys.v1.ApiKeyService' && getOption(method, http).body !== '',
    );
    expect(granting.length).toBeGreaterThan(0);
    for (const method of granting)
      expect(accessRuleOf(method).refuseUnknownFields, nameOf(method)).toBe(true);
  });

  it('has a path of its own over REST, where the REST door serves it', () => {
    for (const method of methods) expect(hasOption(method, http), nameOf(method)).toBe(true);
    const paths = doors.rpcDoor.calls.flatMap((call) =>
      httpBindingsOf(call).map(({ httpMethod, template }) => ({ httpMethod, path: template.text })),
    );
    expect(paths.length).toBeGreaterThanOrEqual(methods.length);
    const lines = paths.map(({ httpMethod, path }) => `${httpMethod} ${path}`);
    expect(lines).toEqual([...new Set(lines)]);
    for (const { path } of paths)
      expect(doors.restDoor.match(path.replaceAll(/\{\w+\}/g, 'some-id')), path).toBeDefined();
  });

  it('is answered with a message, not a stream', () => {
    for (const method of methods) expect(method.methodKind, nameOf(method)).toBe('unary');
  });
});
