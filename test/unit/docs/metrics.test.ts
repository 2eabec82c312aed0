// What is written about metrics, in docs/ and in deploy/, is about metrics that there are.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createMetricTotals } from '../../../src/telemetry/metric-totals.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { markdownTable } from './markdown-table.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const operations = read('docs/operations.md');

/** All that there is to measure, in a service that uses all of it. */
function everyMetric() {
  const metrics = createMetrics('0');
  metrics.tlsCertificateUsed(0, 'start');
  metrics.tlsClientCrlUsed(0);
  metrics.watchCalls(() => ({ running: 0, queued: 0 }));
  const ofWorkers = createMetricTotals()
    .registry.getMetricsAsArray()
    .filter(({ name }) => name.startsWith('presignd_'));
  return [...metrics.registry.getMetricsAsArray(), ...ofWorkers];
}

/** Labels by the name of what a query can ask for. */
const LABELS_OF_METRICS: ReadonlyMap<string, readonly string[]> = new Map(
  everyMetric().flatMap((metric): [string, string[]][] => {
    const { name, type } = metric;
    const labels = (Reflect.get(metric, 'labelNames') as string[]).filter((label) => label !== 'le');
    if (String(type) !== 'histogram') return [[name, labels]];
    return [
      [`${name}_bucket`, [...labels, 'le']],
      [`${name}_sum`, labels],
      [`${name}_count`, labels],
    ];
  }),
);

/** What Prometheus adds to whatever it scrapes, and makes by itself. */
const TARGET_LABELS = ['job', 'instance'];
const OWN_METRICS = ['up'];

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook', string>>;
}

const rules: readonly Rule[] = parse(read('deploy/prometheus/alerts.yaml')).groups.flatMap(
  ({ rules }: { readonly rules: readonly Rule[] }) => rules,
);

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const dashboard: {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly object[] };
} = JSON.parse(read('deploy/grafana/presignd.json'));
const targets = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map((target) => ({ title, ...target })),
);

/** The query as Prometheus is asked it by Grafana. */
const filledIn = (expr: string) => expr.replaceAll('$__rate_interval', '5m');

/** What is wrong with a query: its syntax, metrics that do not exist, labels that none of its metrics has. */
function problemsOf(expr: string): string[] {
  const problems: string[] = [];
  const metrics: string[] = [];
  const labels: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, type, from, to }) => {
      if (type.isError) problems.push(`does not parse at ${from}: ${expr.slice(from, from + 20)}`);
      if (name === 'Identifier') metrics.push(expr.slice(from, to));
      if (name === 'LabelName') labels.push(expr.slice(from, to));
    },
  });
  const known = (metric: string) => LABELS_OF_METRICS.has(metric) || OWN_METRICS.includes(metric);
  const legal = [...TARGET_LABELS, ...metrics.flatMap((metric) => LABELS_OF_METRICS.get(metric) ?? [])];
  return [
    ...problems,
    ...(metrics.length === 0 ? ['asks for no metric'] : []),
    ...metrics.filter((metric) => !known(metric)).map((metric) => `there is no ${metric}`),
    ...labels.filter((label) => !legal.includes(label)).map((label) => `nothing has the label ${label}`),
  ];
}

describe('the table of metrics in docs/operations.md', () => {
  it('names every metric of ours with its labels, and no other', () => {
    const documented = markdownTable(operations, '## Metrics')
      .map(([name = '', labels = '']) => `${name.replaceAll('`', '')} ${labels === '–' ? '' : labels}`)
      .filter((row) => row.startsWith('presignd_'));
    const exposed = everyMetric()
      .filter(({ name }) => name.startsWith('presignd_'))
      .map((metric) => {
        const labels = Reflect.get(metric, 'labelNames') as string[];
        return `${metric.name} ${labels.filter((label) => label !== 'le').join(', ')}`;
      });
    expect(documented.toSorted()).toEqual(exposed.toSorted());
  });
});

describe('deploy/prometheus/alerts.yaml', () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))('%s asks for what there is', (_, rule) => {
    expect(problemsOf(rule.expr)).toEqual([]);
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s says how bad it is, what it means, and which row of docs/operations.md says what to do',
    (_, { labels, annotations }) => {
      expect(labels['severity']).toMatch(/^(?:critical|warning|info)$/);
      expect(annotations.summary).not.toBe('');
      expect(annotations.description).toMatch(/\.$/);
      expect(markdownTable(operations, '## When something fails').map(([failure]) => failure)).toContain(
        annotations.runbook,
      );
    },
  );

  it('names no alert twice', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});

describe('deploy/grafana/presignd.json', () => {
  it.each(targets.map((target) => [target.title, target] as const))(
    '%s asks for what there is',
    (_, { expr }) => {
      expect(problemsOf(filledIn(expr))).toEqual([]);
    },
  );

  it.each(targets.map((target) => [target.title, target] as const))(
    '%s is told apart by labels that its metrics have',
    (_, { expr, legendFormat }) => {
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        expect(problemsOf(`sum by (${label}) (${filledIn(expr)})`)).toEqual([]);
      }
    },
  );

  it('shows every metric of ours somewhere', () => {
    const asked = targets.map(({ expr }) => expr).join('\n');
    const names = everyMetric().map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('presignd_') && !asked.includes(name))).toEqual([]);
  });
});

describe('the check of queries', () => {
  it.each([
    ['presignd_no_such_total', 'there is no presignd_no_such_total'],
    ['presignd_presigns_total{route="x"}', 'nothing has the label route'],
    ['sum by (owner) (presignd_presigns_total)', 'nothing has the label owner'],
    ['presignd_request_duration_seconds', 'there is no presignd_request_duration_seconds'],
    ['sum(presignd_build_info', 'does not parse'],
  ])('finds what is wrong with %s', (expr, problem) => {
    expect(problemsOf(expr).join('\n')).toContain(problem);
  });
});
