import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../../src/config/load-settings.ts';

describe('the variables of OpenTelemetry', () => {
  it('leave it off unless there is an endpoint', () => {
    const settings = loadSettings({});
    expect(settings.otlpEndpoint).toBeUndefined();
    expect(settings.otelResourceAttributes.size).toBe(0);
  });

  it('are read as the standard writes them', () => {
    const settings = loadSettings({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318/',
      OTEL_RESOURCE_ATTRIBUTES: 'a=b%20c, d = e=f',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20hush',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    });
    expect(settings.otlpEndpoint).toBe('http://127.0.0.1:4318');
    expect([...settings.otelResourceAttributes]).toEqual([
      ['a', 'b c'],
      ['d', 'e=f'],
    ]);
    expect(settings.otlpHeaders?.get('authorization')?.reveal()).toBe('Bearer hush');
    expect(JSON.stringify([...(settings.otlpHeaders ?? [])])).not.toContain('hush');
    expect(settings.tracesSamplerRatio).toBe(0.25);
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'must be http/protobuf'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'hush', 'must list pairs such as name=value, separated by commas'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=hush%', 'has a value that is not percent-encoded: write %25 for %'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'must be a URL that starts with http:// or https://'],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote', 'must be always_on or always_off or'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5', 'must be a number from 0 to 1'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.2.3', 'must be a number from 0 to 1'],
  ])('say what is wrong: %s=%s', (name, value, problem) => {
    expect(() => loadSettings({ [name]: value })).toThrow(`${name} ${problem}`);
    expect(() => loadSettings({ [name]: value })).not.toThrow(/hush/);
  });
});
