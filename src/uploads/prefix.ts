// Which object keys a caller may make, and see. Pure.
import { Fault } from '../fault/fault.ts';
import type { Principal } from '../keys/api-key.ts';

/**
 * What object keys of the caller have behind the owner's folder: the prefix of the upload token, or else of the key;
 * empty without either. A POLICY_REFUSED where the token's lies outside of the key's, whose policy has changed since.
 */
export function effectivePrefix({ policy, uploadToken }: Principal): string | Fault {
  const ofKey = policy?.objectKeyPrefix ?? '';
  const ofToken = uploadToken?.policy?.objectKeyPrefix;
  if (ofToken === undefined) return ofKey;
  if (ofToken.startsWith(ofKey)) return ofToken;
  return new Fault('POLICY_REFUSED', {
    publicMessage:
      "The API key's policy allows only object keys outside of the upload token's prefix (key_prefix)",
  });
}
