import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSources, type SourceFile } from './imports.ts';

const root = join(import.meta.dirname, '../../..');
const sources = readSources(root, 'src');
const tests = readSources(root, 'test');
const everything = [...sources, ...tests, ...readSources(root, 'scripts')];

interface RoomRule {
  /** The rooms that this one may import, types included. */
  readonly rooms: readonly string[];
  /** Files of other rooms that it may import although the room as a whole is closed to it. */
  readonly files?: readonly string[];
  /** Packages it may import; `node:` modules are free unless `pure`. */
  readonly packages?: readonly string[];
  /** No I/O, no clock, no randomness: everything it needs is an argument. */
  readonly pure?: boolean;
  readonly generated?: boolean;
}

/** Who may import whom. A room that is missing here fails the test: decide before building. */
const RULES: Readonly<Record<string, RoomRule>> = {
  fault: { rooms: [], pure: true },
  seal: { rooms: [], pure: true },
  flow: { rooms: ['fault'], pure: true },
  config: {
    rooms: ['fault'],
    files: [
      'src/uploads/providers.ts',
      'src/uploads/upload-policy.ts',
      'src/uploads/upload.ts',
      // What a certificate stands for keeps the rules of what an API key may be.
      'src/keys/api-key.ts',
      'src/keys/certificate-owner.ts',
      'src/keys/key-input.ts',
      'src/keys/policy-input.ts',
      'src/keys/rate-limit-input.ts',
    ],
  },
  keys: { rooms: ['fault', 'flow', 'seal'], pure: true, packages: ['lru-cache'] },
  uploads: {
    rooms: ['fault', 'flow', 'seal'],
    files: ['src/keys/api-key.ts', 'src/quota/ports.ts', 'src/quota/guarded-call.ts'],
    pure: true,
    packages: ['lru-cache'],
  },
  quota: {
    rooms: ['fault'],
    files: ['src/keys/ports.ts', 'src/keys/api-key.ts', 'src/uploads/ports.ts'],
    pure: true,
    packages: ['lru-cache'],
  },
  s3: {
    rooms: ['fault', 'flow'],
    files: [
      'src/uploads/plan.ts',
      'src/uploads/ports.ts',
      'src/uploads/providers.ts',
      'src/uploads/upload.ts',
    ],
    packages: ['@aws-sdk', '@smithy'],
  },
  redis: {
    rooms: ['fault'],
    files: [
      'src/keys/ports.ts',
      'src/keys/api-key.ts',
      'src/quota/ports.ts',
      'src/quota/gcra.ts',
      'src/uploads/ports.ts',
    ],
    packages: ['ioredis'],
  },
  store: {
    rooms: ['fault', 'flow'],
    files: ['src/keys/ports.ts', 'src/keys/api-key.ts', 'src/quota/ports.ts'],
    packages: ['pg'],
  },
  telemetry: {
    rooms: ['fault'],
    files: ['src/keys/client-certificate.ts'],
    packages: ['pino', 'pino-pretty', 'prom-client', '@opentelemetry'],
  },
  rpc: {
    rooms: ['fault', 'flow', 'telemetry', 'keys', 'quota', 'uploads'],
    packages: ['@connectrpc', '@bufbuild'],
    generated: true,
  },
  rest: { rooms: ['fault', 'telemetry', 'rpc'], packages: ['@connectrpc', '@bufbuild'], generated: true },
  edge: {
    rooms: ['fault', 'telemetry'],
    files: [
      'src/rpc/http-handler.ts',
      'src/quota/address-group.ts',
      'src/quota/gcra.ts',
      'src/keys/client-certificate.ts',
    ],
  },
  workers: {
    rooms: ['telemetry'],
    files: [
      'src/keys/api-key.ts',
      'src/keys/clock.ts',
      'src/keys/ports.ts',
      'src/quota/ports.ts',
      'src/quota/local-counts.ts',
      'src/uploads/ports.ts',
      'src/uploads/creation-memory.ts',
    ],
  },
  'local-s3': { rooms: [], packages: ['busboy'] },
  doctor: {
    rooms: ['fault', 'config', 's3'],
    files: [
      'src/redis/client.ts',
      'src/redis/instance-count.ts',
      'src/redis/rate-counts.ts',
      'src/store/inspect-store.ts',
      'src/uploads/checksum-headers.ts',
      'src/uploads/providers.ts',
      'src/uploads/upload.ts',
    ],
    packages: ['@aws-sdk'],
  },
  cli: {
    rooms: ['fault', 'config', 'keys', 'local-s3', 'doctor'],
    // The JSON of a key is the same from the API and from the command line.
    files: [
      'src/app.ts',
      'src/open-destinations.ts',
      'src/open-doctor.ts',
      'src/open-keys.ts',
      'src/open-workers.ts',
      'src/version.ts',
      'src/workers/bind-error.ts',
      'src/workers/peers.ts',
      'src/rpc/api-key-message.ts',
      'src/rest/json-encoder.ts',
      'src/uploads/destination.ts',
      'src/uploads/orphans.ts',
      'src/uploads/providers.ts',
    ],
    packages: ['@bufbuild'],
    generated: true,
  },
};

/** Modules of Node whose synchronous functions only calculate. */
const PURE_MODULES = ['node:crypto', 'node:zlib'];

/** The composition root and the process entry know every room. */
const ROOTS = [
  'src/app.ts',
  'src/main.ts',
  'src/open-admission.ts',
  'src/open-authentication.ts',
  'src/open-core.ts',
  'src/open-destinations.ts',
  'src/open-doctor.ts',
  'src/open-keys.ts',
  'src/open-limits.ts',
  'src/open-log.ts',
  'src/open-server.ts',
  'src/open-telemetry.ts',
  'src/open-tls.ts',
  'src/open-uploads.ts',
  'src/open-workers.ts',
  'src/start-patiently.ts',
  'src/system.ts',
  'src/traced-ports.ts',
  'src/version.ts',
];

function problems(check: (file: SourceFile) => readonly string[], files = sources): string[] {
  return files.flatMap((file) => check(file).map((problem) => `${file.path}: ${problem}`));
}

function forbiddenImports(file: SourceFile): string[] {
  if (ROOTS.includes(file.path)) return [];
  const rule = RULES[file.room];
  if (!rule) return [`the room ${file.room} has no rule`];
  return file.imports
    .filter(({ target }) => !allowed(target, file, rule))
    .map(({ target }) => `imports ${target}`);
}

function allowed(target: string, file: SourceFile, rule: RoomRule): boolean {
  if (target.startsWith('src/')) {
    const [, room = ''] = target.split('/');
    return room === file.room || rule.rooms.includes(room) || (rule.files ?? []).includes(target);
  }
  if (target.startsWith('gen/')) return rule.generated === true;
  if (target.startsWith('node:')) return rule.pure !== true || PURE_MODULES.includes(target);
  return (rule.packages ?? []).some((name) => target === name || target.startsWith(`${name}/`));
}

/** Values only: a type that is exported gives a name to what an exported function takes or answers. */
function unusedExports(file: SourceFile): string[] {
  const importers = everything.filter(({ imports }) => imports.some(({ target }) => target === file.path));
  return [...file.code.matchAll(/^export (?:async )?(?:const|class|function\*?) (\w+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => !importers.some(({ code }) => new RegExp(`\\b${name}\\b`).test(code)))
    .map((name) => `exports ${name}, which nobody imports`);
}

describe('the house', () => {
  it('finds the sources it judges', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap((file) => file.imports).length).toBeGreaterThan(40);
  });

  it('lets every room import only what lies below it', () => {
    expect(problems(forbiddenImports)).toEqual([]);
  });

  it('has no cycle of imports at run time', () => {
    const edges = new Map(
      sources.map((file) => [file.path, file.imports.filter((i) => !i.typeOnly).map((i) => i.target)]),
    );
    expect(cyclesOf(edges)).toEqual([]);
  });

  it('reads process.env only where settings are loaded', () => {
    expect(
      problems((file) =>
        file.path !== 'src/config/load-settings.ts' &&
        /\bprocess\s*\.\s*env\b|\benv\s*\}\s*=\s*process\b/.test(file.code)
          ? ['reads process.env']
          : [],
      ),
    ).toEqual([]);
  });

  it('writes to the console only in the CLI', () => {
    expect(
      problems((file) => (file.room !== 'cli' && /\bconsole\s*\./.test(file.code) ? ['uses console'] : [])),
    ).toEqual([]);
  });

  it('has no default exports', () => {
    expect(
      problems((file) => (/\bexport\s+default\b|\bas\s+default\b/.test(file.code) ? ['default export'] : [])),
    ).toEqual([]);
  });

  it('gives the pure rooms their time and randomness as arguments', () => {
    // A parameter may be called `randomBytes`; only the import of the real one is chance.
    const impure =
      /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bMath\.random\(|\bset(?:Timeout|Interval)\(|import \{[^}]*\brandom\w+[^}]*\} from 'node:crypto'/;
    expect(
      problems((file) =>
        RULES[file.room]?.pure && impure.test(file.code) ? ['takes time or chance by itself'] : [],
      ),
    ).toEqual([]);
  });

  it('has the doctor judge what was observed without asking anybody', () => {
    const impure = /^src\/doctor\/(?:probe|open|examine|mend|http-probe|scratch|s3-question)/;
    const asks = ({ path, imports, code }: SourceFile) =>
      /^src\/doctor\/judge-/.test(path)
        ? [
            ...imports
              .filter(
                ({ target, typeOnly }) => !typeOnly && (target.startsWith('node:') || impure.test(target)),
              )
              .map(({ target }) => `imports ${target}`),
            ...(/\bDate\.now\(|\bnew Date\(\)|\bawait\b/.test(code) ? ['takes time or waits'] : []),
          ]
        : [];
    expect(problems(asks)).toEqual([]);
    expect(sources.filter(({ path }) => path.startsWith('src/doctor/judge-')).length).toBeGreaterThan(5);
  });

  it('exports nothing that nobody uses', () => {
    expect(problems(unusedExports)).toEqual([]);
  });

  it('names tests by what is guaranteed', () => {
    const wish = /\b(?:it|test|describe)(?:\.\w+)*\(\s*(['"`])(?:(?!\1).)*\bshould\b/;
    expect(problems((file) => (wish.test(file.code) ? ['a test says what should be'] : []), tests)).toEqual(
      [],
    );
  });

  it('looks at the spawned program from outside only', () => {
    expect(
      problems(
        ({ room, imports }) =>
          imports
            .filter(({ target }) => room === 'e2e' && target.startsWith('src/'))
            .map(({ target }) => `imports ${target}`),
        tests,
      ),
    ).toEqual([]);
  });

  it('keeps files small enough to read in one go', () => {
    expect(problems((file) => (file.lines > 200 ? [`${file.lines} lines`] : []))).toEqual([]);
  });
});

/** The strongly connected components of more than one file, and files that import themselves. */
function cyclesOf(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const state = new Map<string, 'open' | 'done'>();
  const stack: string[] = [];
  const cycles: string[] = [];
  const visit = (node: string): void => {
    state.set(node, 'open');
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!edges.has(next)) continue;
      if (state.get(next) === 'open') cycles.push([...stack.slice(stack.indexOf(next)), next].join(' → '));
      else if (!state.has(next)) visit(next);
    }
    stack.pop();
    state.set(node, 'done');
  };
  for (const node of edges.keys()) if (!state.has(node)) visit(node);
  return cycles;
}
