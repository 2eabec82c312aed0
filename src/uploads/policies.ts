import type { KeyPolicy, Principal } from '../keys/api-key.ts';

/** Every policy that the caller is under: the key's, and that of the upload token which was sent in its place. */
export function policiesOf({ policy, uploadToken }: Principal): readonly (KeyPolicy | null)[] {
  return [policy, uploadToken?.policy ?? null];
}
