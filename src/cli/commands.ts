// Every command as the overview shows it. What a command is made of is loaded when it is called, so that the others cost
// it nothing.
import type { Command } from './command.ts';

export interface CommandEntry {
  /** One or two words, such as `serve` or `keys create`. */
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'Run the service, configured by environment variables.',
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'dev',
    summary: 'Run the service on this machine with everything embedded: key store, S3, a first API key.',
    load: async () => (await import('./dev.ts')).dev,
  },
  {
    name: 'keys create',
    summary: 'Make an API key and print its secret, this once.',
    load: async () => (await import('./keys-create.ts')).keysCreate,
  },
  {
    name: 'keys list',
    summary: 'List the API keys, newest first. Times are UTC.',
    load: async () => (await import('./keys-list.ts')).keysList,
  },
  {
    name: 'keys show',
    summary: 'Show all that is known of one API key. Times are UTC.',
    load: async () => (await import('./keys-show.ts')).keysShow,
  },
  {
    name: 'keys update',
    summary: 'Change an API key, or disable it for a while. What is not named stays as it is.',
    load: async () => (await import('./keys-update.ts')).keysUpdate,
  },
  {
    name: 'keys rotate',
    summary:
      'Make a new API key that replaces another and may do the same. Both work until the overlap ends.',
    load: async () => (await import('./keys-rotate.ts')).keysRotate,
  },
  {
    name: 'keys revoke',
    summary: 'Revoke an API key for good. Every server that can read the store refuses it within a second.',
    load: async () => (await import('./keys-revoke.ts')).keysRevoke,
  },
  {
    name: 'keys audit',
    summary: 'Show who changed which API key when, from where and how, newest first. Times are UTC.',
    load: async () => (await import('./keys-audit.ts')).keysAudit,
  },
  {
    name: 'keys mint',
    summary: 'Print a token that can become the first API key of an empty store. Nothing is stored.',
    load: async () => (await import('./keys-mint.ts')).keysMint,
  },
  {
    name: 'migrate',
    summary:
      'Bring the schema of the store that DATABASE_URL names up to date, and say from which version to which.',
    load: async () => (await import('./migrate.ts')).migrate,
  },
  {
    name: 'backup',
    summary: 'Copy the SQLite file that DATABASE_URL names into a new file, while the service runs.',
    load: async () => (await import('./backup.ts')).backup,
  },
  {
    name: 'janitor',
    summary: 'List the uploads in parts that were begun and never ended, and abort them with --abort.',
    load: async () => (await import('./janitor.ts')).janitor,
  },
  {
    name: 'doctor',
    summary: 'Look at everything that uploads depend on, say what is wrong and how to mend it.',
    load: async () => (await import('./doctor.ts')).doctor,
  },
];
