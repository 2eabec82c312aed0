// What a Kubernetes manifest, rendered or as it lies in deploy/, must keep to.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { parseAllDocuments } from 'yaml';

/** The fields that the tests look at, of every kind at once. The schema has judged them before. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly selector: Labels & { readonly matchLabels: Labels };
    readonly podSelector: { readonly matchLabels: Labels };
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly ports: readonly { readonly targetPort: string; readonly appProtocol: string }[];
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
  };
}

type Labels = Readonly<Record<string, string>>;

export interface PodSpec {
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly automountServiceAccountToken: boolean;
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string }[];
}

export interface Container {
  readonly image: string;
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly resources: { readonly requests: Labels; readonly limits: Labels };
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
}

const SCHEMAS = join(import.meta.dirname, 'schemas/kubernetes-1.32.json');

const validators = new Map<string, ValidateFunction>();

/** The documents of a YAML text. Throws when it is no YAML, and over a key that is there twice. */
export function parseYaml(text: string): unknown[] {
  return parseAllDocuments(text)
    .filter((document) => document.contents !== null)
    .map((document) => {
      for (const problem of [...document.errors, ...document.warnings]) throw problem;
      return document.toJS();
    });
}

/** The manifests of a YAML text. Throws when Kubernetes would refuse one, or ignore a field of it. */
export function readManifests(text: string): Manifest[] {
  return parseYaml(text).map((document) => {
    const { kind } = document as Manifest;
    const validate = validatorOf(kind);
    if (!validate(document)) {
      const problems = validate.errors?.map(({ instancePath, message, params }) =>
        [instancePath, message, JSON.stringify(params)].join(' '),
      );
      throw new Error(`${kind}: ${problems?.join('; ')}`);
    }
    return document as Manifest;
  });
}

/** The only manifest of this kind. */
export function only(kind: string, manifests: readonly Manifest[]): Manifest {
  const [found, ...others] = manifests.filter((manifest) => manifest.kind === kind);
  if (found === undefined || others.length > 0) throw new Error(`not one ${kind} but ${others.length + 1}`);
  return found;
}

function validatorOf(kind: string): ValidateFunction {
  let validate = validators.get(kind);
  if (validate === undefined) {
    const { kinds, definitions } = JSON.parse(readFileSync(SCHEMAS, 'utf8'));
    if (kinds[kind] === undefined) throw new Error(`there is no schema for the kind ${kind}`);
    // Kubernetes' formats (int32, date-time) say nothing that matters here.
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    validate = ajv.compile({ $ref: `#/definitions/${kinds[kind]}`, definitions });
    validators.set(kind, validate);
  }
  return validate;
}
