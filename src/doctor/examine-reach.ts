// Asks, without credentials, whether a bucket's S3 can be reached, and what it tells of itself.
import { type Finding, skipped } from './finding.ts';
import type { HttpOutcome, HttpProbe } from './http-probe.ts';
import { judgePublicList } from './judge-access.ts';
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
}

/** Asks for a list, which tells most of a server, without credentials. */
export async function reach(
  { publicAddress, serverAddress }: BucketPlace,
  probe: HttpProbe,
): Promise<Reached> {
  const ask = ({ origin, basePath }: BucketPlace['publicAddress']) =>
    probe({ method: 'GET', url: `${origin}${basePath}/?list-type=2&max-keys=1` });
  const asked = ask(serverAddress);
  return {
    server: await asked,
    public: await (publicAddress === serverAddress ? asked : ask(publicAddress)),
  };
}

export function judgeReach(place: BucketPlace, reached: Reached, origins: readonly string[]): Finding[] {
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
