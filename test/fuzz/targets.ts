import type { FuzzTarget } from './input.ts';
import { hosts, paths, queries } from './targets/addresses.ts';
import { tokens, uploadIds } from './targets/credentials.ts';
import { http1Framing } from './targets/http1-framing.ts';
import { http2Frames } from './targets/http2-frames.ts';
import { jsonBodies } from './targets/json-bodies.ts';
import { protobufBodies } from './targets/protobuf-bodies.ts';

/** What is attacked, and with which share of the inputs. */
export const TARGETS: readonly FuzzTarget[] = [
  http1Framing,
  http2Frames,
  jsonBodies,
  protobufBodies,
  tokens,
  uploadIds,
  paths,
  queries,
  hosts,
];
