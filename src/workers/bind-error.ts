import { getSystemErrorMessage } from 'node:util';

/** node:cluster words a port that cannot be had in its own way; this is how a process by itself says the same. */
export function asWithoutCluster(error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || error.syscall !== 'bind') return error;
  const { code, errno, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (errno === undefined) return error;
  const where = port === undefined ? address : `${address}:${port}`;
  return new Error(`listen ${code}: ${getSystemErrorMessage(errno)} ${where}`, { cause: error });
}
