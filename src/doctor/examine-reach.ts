// Asks, without credentials, whether a bucket's S3 can be reached, and what it tells of itself.

import type { Examination } from './examine-destination.ts';
import { type Finding, skipped } from './finding.ts';
import type { HttpOutcome } from './http-probe.ts';
import { judgePublicList } from './judge-access.ts';
import { judgeEndpointCertificate, type ShownCertificate } from './judge-certificate.ts';
import {
  judgeClock,
  judgeEndpoint,
  judgeProvider,
  judgeRegion,
  judgeServer,
  judgeTransport,
} from './judge-reach.ts';
import type { BucketPlace } from './open-bucket.ts';
import { regionOf } from './s3-answer.ts';

export interface Reached {
  readonly public: HttpOutcome;
  readonly server: HttpOutcome;
  /** By origin, of those with https. */
  readonly certificates: ReadonlyMap<string, ShownCertificate | undefined>;
}

/** Asks for a list, which tells most of a server, without credentials. */
export async function reach(
  { publicAddress, serverAddress }: BucketPlace,
  { probe, probeCertificate }: Pick<Examination, 'probe' | 'probeCertificate'>,
): Promise<Reached> {
  const ask = ({ origin, basePath }: BucketPlace['publicAddress']) =>
    probe({ method: 'GET', url: `${origin}${basePath}/?list-type=2&max-keys=1` });
  const asked = ask(serverAddress);
  const secured = new Set([serverAddress.origin, publicAddress.origin].filter(isHttps));
  const looking = Promise.all(
    [...secured].map(async (origin) => [origin, await probeCertificate(origin)] as const),
  );
  return {
    server: await asked,
    public: await (publicAddress === serverAddress ? asked : ask(publicAddress)),
    certificates: new Map(await looking),
  };
}

export function judgeReach(
  place: BucketPlace,
  reached: Reached,
  { origins, wallClockMs }: Pick<Examination, 'origins' | 'wallClockMs'>,
): Finding[] {
  const { spec, publicAddress, serverAddress } = place;
  const isOne = publicAddress === serverAddress;
  const answers = [
    { ...place.serverAddress, outcome: reached.server },
    ...(isOne ? [] : [{ ...publicAddress, outcome: reached.public }]),
  ];
  const findings = [
    judgeEndpoint('endpoint', spec, serverAddress.origin, reached.server),
    isOne
      ? skipped('public-endpoint', 'clients use the same endpoint')
      : judgeEndpoint('public-endpoint', spec, publicAddress.origin, reached.public),
    ...judgeCertificates(place, reached, wallClockMs()),
    judgeTransport(spec, publicAddress.origin, origins),
  ];
  for (const { origin, outcome } of answers) {
    if ('answer' in outcome) findings.push(judgeServer(spec, origin, outcome.answer));
  }
  const { server } = reached;
  if (!('answer' in server) || findings.some(({ id, level }) => id === 's3-server' && level === 'problem'))
    return findings;
  return [
    ...findings,
    judgeClock(server.answer),
    judgeProvider(spec, server.answer),
    judgeRegion(spec, place.region, regionOf(server.answer)),
    judgePublicList(spec, server.answer),
  ];
}

function judgeCertificates(
  { spec, serverAddress }: BucketPlace,
  { certificates }: Reached,
  nowMs: number,
): Finding[] {
  if (certificates.size === 0) return [skipped('endpoint-certificate', 'not applicable: there is no https')];
  return [...certificates].map(([origin, shown]) => {
    const field = origin === serverAddress.origin ? 'endpoint' : 'publicEndpoint';
    return judgeEndpointCertificate(spec, field, origin, shown, nowMs);
  });
}

function isHttps(origin: string): boolean {
  return origin.startsWith('https:');
}
