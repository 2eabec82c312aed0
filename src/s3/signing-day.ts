// What signatures of one day, one place and one set of credentials have in common.
import { createHmacSha256, type Hmac } from './hmac.ts';
import { amzDate, credentialScope, signingKey } from './sigv4.ts';

/** Who signs, and for where. */
export interface SigningIdentity {
  readonly region: string;
  readonly service: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined;
}

/** All that changes at midnight UTC. */
export interface SigningDay {
  readonly name: string;
  readonly scope: string;
  /** The access key with the scope, as signed requests name their credentials. */
  readonly credential: string;
  /** Signs a string to sign, or the policy of a form. */
  readonly signatureOf: Hmac;
}

export interface SigningCalendar {
  /** The moment as signatures write it. */
  dateAt(atMs: number): string;
  /** The day of such a date: the same object all day. */
  dayOf(date: string): SigningDay;
}

/** Remembers the last second and the last day: moments come in order, give or take a clock that is set back. */
export function createSigningCalendar(identity: SigningIdentity): SigningCalendar {
  const { region, service, accessKeyId, secretAccessKey } = identity;
  let day: SigningDay | undefined;
  let date = '';
  let dateSecond = Number.NaN;

  return {
    dateAt: (atMs) => {
      const second = Math.floor(atMs / 1000);
      if (second !== dateSecond) {
        date = amzDate(atMs);
        dateSecond = second;
      }
      return date;
    },
    dayOf: (moment) => {
      const name = moment.slice(0, 8);
      if (day?.name !== name) {
        const scope = credentialScope(name, region, service);
        const signatureOf = createHmacSha256(signingKey(secretAccessKey, name, region, service));
        day = { name, scope, credential: `${accessKeyId}/${scope}`, signatureOf };
      }
      return day;
    },
  };
}
