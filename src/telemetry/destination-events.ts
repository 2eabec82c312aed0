// What becomes of signatures and of the buckets that they are for: see events.ts.
import type { SignedKind } from './destination-metrics.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './tracing.ts';

export interface DestinationEvents {
  /** S3 says that a bucket is in another region than the one that is signed for. */
  storageElsewhere(destination: string, region: string, signedFor: string): void;
  /** S3's answer bears a time that is so far ahead of this machine's clock. */
  storageClockRead(destination: string, aheadMs: number): void;
  /** So many signatures were made: parts are signed many at a time. */
  presigned(destination: string, kind: SignedKind, signer: 'native' | 'sdk', count: number): void;
  signerChosen(
    destination: string,
    choice: { readonly signer: 'native' | 'sdk'; readonly reason: string },
  ): void;
  credentialsFailed(destination: string, cause: unknown): void;
}

/** S3 refuses what was signed more than 15 minutes away from its own time. */
const CLOCK_WARNING_MS = 5 * 60_000;

export function createDestinationEvents(
  logger: Logger,
  metrics: Metrics,
  tracing: Tracing | undefined,
): DestinationEvents {
  /** Destinations of which it has been told. */
  const farOff = new Set<string>();
  const elsewhere = new Set<string>();
  return {
    storageClockRead: (destination, aheadMs) => {
      metrics.storageClockRead(destination, aheadMs / 1000);
      const isFarOff = Math.abs(aheadMs) > CLOCK_WARNING_MS;
      if (isFarOff && !farOff.has(destination))
        logger.warn({ destination, aheadMs }, 'the clocks of S3 and of this machine differ; run NTP here');
      if (isFarOff) farOff.add(destination);
      else farOff.delete(destination);
    },
    storageElsewhere: (destination, region, signedFor) => {
      if (elsewhere.has(destination)) return;
      elsewhere.add(destination);
      logger.warn({ destination, region, signedFor }, 'the bucket is in another region; S3 refuses its URLs');
    },
    presigned: (destination, kind, signer, count) => {
      metrics.presigned(destination, kind, signer, count);
      tracing?.note('presigned', { destination, kind, signer, count });
    },
    signerChosen: (destination, { signer, reason }) => {
      metrics.signerChosen(destination, signer);
      if (reason === 'mismatch') {
        logger.warn({ destination }, 'the native signer differs from the AWS SDK; the SDK signs from now on');
      } else {
        logger.info({ destination, signer, reason }, 'signer chosen');
      }
    },
    credentialsFailed: (destination, err) =>
      logger.warn({ destination, err }, 'S3 credentials could not be obtained; trying again'),
  };
}
