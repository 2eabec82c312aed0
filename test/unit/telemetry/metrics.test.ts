import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import type { RequestRecord } from '../../../src/telemetry/request-record.ts';

describe('createMetrics', () => {
  it('counts each request once, by protocol, route and code', async () => {
    const metrics = createMetrics('1.2.3');
    // The whole record is handed over, as events do: what is not a label must not become one.
    const record: RequestRecord = {
      requestId: 'req_1',
      startedAtMs: 0,
      remoteAddress: '192.0.2.1',
      route: '/v1/upload/s3',
      protocol: 'rest',
      code: 'ok',
      keyId: 'key_1',
    };
    metrics.requestEnded(record, 0.002);
    metrics.requestEnded(record, 0.004);
    metrics.requestEnded({ ...record, code: 'unauthenticated' }, 0.001);
    const { body } = await metrics.expose();
    expect(body).toContain('presignd_requests_total{protocol="rest",route="/v1/upload/s3",code="ok"} 2');
    expect(body).toContain(
      'presignd_requests_total{protocol="rest",route="/v1/upload/s3",code="unauthenticated"} 1',
    );
    expect(body).toContain(
      'presignd_request_duration_seconds_count{protocol="rest",route="/v1/upload/s3"} 3',
    );
    expect(body).not.toMatch(/req_1|key_1|192\.0\.2\.1/);
  });

  it('says what is running and who signs', async () => {
    const metrics = createMetrics('1.2.3');
    metrics.signerChosen('default', 'native');
    metrics.signerChosen('avatars', 'sdk');
    metrics.presigned('default', 'put', 'native', 1);
    metrics.presigned('default', 'part', 'native', 999);
    metrics.presigned('avatars', 'put', 'sdk', 1);
    metrics.creationInsured();
    metrics.storageClockRead('default', -61);
    metrics.keyLookedUp('memory', 'hit');
    metrics.shed('loop');
    metrics.shed('loop');
    metrics.watchCalls(() => ({ running: 3, queued: 1 }));
    const { body, contentType } = await metrics.expose();
    expect(contentType).toContain('text/plain');
    expect(body).toContain(`presignd_build_info{version="1.2.3",node="${process.version}"} 1`);
    expect(body).toContain('presignd_signer_native{destination="default"} 1');
    expect(body).toContain('presignd_signer_native{destination="avatars"} 0');
    const counted = (labels: string, count: number) =>
      expect(body).toContain(`presignd_presigns_total{${labels}} ${count}`);
    counted('destination="default",kind="put",signer="native"', 1);
    counted('destination="default",kind="part",signer="native"', 999);
    counted('destination="avatars",kind="put",signer="sdk"', 1);
    expect(body).toContain('presignd_creations_insured_total 1');
    expect(body).toContain('presignd_shed_total{cause="loop"} 2');
    expect(body).toContain('presignd_calls{state="running"} 3');
    expect(body).toContain('presignd_calls{state="queued"} 1');
    expect(body).toContain('presignd_s3_clock_ahead_seconds{destination="default"} -61');
    expect(body).toContain('presignd_key_lookups_total{tier="memory",outcome="hit"} 1');
  });

  it('asks the state of caches, breakers and the feed at every scrape, and shows none before it knows whom to ask', async () => {
    const metrics = createMetrics('1.2.3');
    expect((await metrics.expose()).body).not.toMatch(/^presignd_(?:cache_entries|breaker_state)\{/m);
    let entries = 7;
    metrics.state.cache('keys', () => entries);
    metrics.state.breaker('keys', () => 'open');
    metrics.state.breaker('rate', () => 'half-open');
    metrics.state.breaker('bytes', () => 'closed');
    metrics.state.feedLag(() => 850);
    metrics.keyChangePropagated('feed', 0.6);
    const { body } = await metrics.expose();
    expect(body).toContain('presignd_cache_entries{cache="keys"} 7');
    expect(body).toContain('presignd_breaker_state{guard="keys"} 2');
    expect(body).toContain('presignd_breaker_state{guard="rate"} 1');
    expect(body).toContain('presignd_breaker_state{guard="bytes"} 0');
    expect(body).toContain('presignd_revocation_feed_lag_seconds 0.85');
    expect(body).toContain('presignd_key_change_propagation_seconds_bucket{le="0.75",via="feed"} 1');
    expect(body).toContain('presignd_key_change_propagation_seconds_bucket{le="0.5",via="feed"} 0');
    entries = 8;
    expect((await metrics.expose()).body).toContain('presignd_cache_entries{cache="keys"} 8');
  });
});
