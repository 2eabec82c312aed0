import { Gauge, type Registry } from 'prom-client';
import { createTallies } from './tallies.ts';

/** What was signed. */
export type SignedKind = 'put' | 'form' | 'part' | 'get';

export interface DestinationMetrics {
  presigned(destination: string, kind: SignedKind, signer: 'native' | 'sdk', count: number): void;
  signerChosen(destination: string, signer: 'native' | 'sdk'): void;
  storageClockRead(destination: string, aheadSeconds: number): void;
}

export function createDestinationMetrics(registry: Registry): DestinationMetrics {
  const registers = [registry];
  const presignTally = createTallies({
    name: 'presignd_presigns_total',
    help: 'URLs and forms presigned, by destination, kind and the signer that did it.',
    labelNames: ['destination', 'kind', 'signer'] as const,
    registers,
  });
  const native = new Gauge({
    name: 'presignd_signer_native',
    help: '1 while the native signer is proven and in use for a destination, 0 while the AWS SDK signs.',
    labelNames: ['destination'] as const,
    aggregator: 'min',
    registers,
  });
  const skew = new Gauge({
    name: 'presignd_s3_clock_ahead_seconds',
    help: "How far S3's clock is ahead of this machine's, by its last answer. Beyond 900 s it refuses what was signed.",
    labelNames: ['destination'] as const,
    aggregator: 'average',
    registers,
  });
  return {
    presigned: (destination, kind, signer, count) => {
      presignTally(destination, kind, signer).count += count;
    },
    signerChosen: (destination, signer) => native.set({ destination }, signer === 'native' ? 1 : 0),
    storageClockRead: (destination, aheadSeconds) => skew.set({ destination }, aheadSeconds),
  };
}
