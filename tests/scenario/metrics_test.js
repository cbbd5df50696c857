// tests/scenario/metrics_test.js - a real Prometheus scrapes running hosts in both formats, and
// knows every metric that the dashboard and the alerts name.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const zlib = require('node:zlib');

const cli = require('./lib/cli');
const manifest = require('./lib/manifest');
const settings = require('./lib/settings');
const { Prometheus } = require('./lib/prometheus');
const { records } = require('./lib/records');
const { publishAll } = require('./lib/rpc');
const { scenario } = require('./lib/scenario');
const { until } = require('./lib/waiting');

const count = 500;
const share = path.join(settings.top, 'plugins', 'metrics_prometheus', 'share');
const rules = path.join(share, 'backplane.rules.yml');
const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

// As it came: nothing is unpacked.
function get(url, headers = {}) {
  return until(`the answer of ${url}`, (resolve, reject) => {
    http
      .get(url, { headers, agent: false }, (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () =>
          resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }),
        );
        answer.on('error', reject);
      })
      .on('error', reject);
  });
}

function jobs(hosts) {
  const one = ([name, host]) => `  - job_name: backplane-${name}
    static_configs:
      - targets: ["${new URL(host.metricsUrl).host}"]
`;
  return `global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
rule_files: ["${rules}"]
scrape_configs:
${Object.entries(hosts).map(one).join('')}`;
}

// The names of metrics in an expression: identifiers that are no label, function or keyword.
function metricsIn(expression) {
  return (expression.replace(/\{[^}]*\}/g, '').match(/\b(backplane|metrics|process|storage|ws)_\w+/g) || []);
}

function named() {
  const dashboard = JSON.parse(fs.readFileSync(path.join(share, 'backplane.dashboard.json'), 'utf8'));
  const expressions = dashboard.panels
    .flatMap((panel) => panel.targets || [])
    .map((target) => target.expr);
  for (const variable of dashboard.templating.list)
    if (variable.query.query) expressions.push(variable.query.query);
  const alerts = fs.readFileSync(rules, 'utf8').split('\n');
  for (const line of alerts) if (/expr:|_bucket\[/.test(line)) expressions.push(line);
  assert.ok(expressions.length > 30, `only ${expressions.length} expressions`);
  return new Set(expressions.flatMap(metricsIn));
}

scenario('the exposition in both formats, plain and gzip', async (stage) => {
  const host = await stage.start(manifest.standard());
  const text = await get(host.metricsUrl);
  assert.equal(text.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(text.headers['content-encoding'], undefined);
  const checked = await cli.run('promtool', ['check', 'metrics'], { input: text.body.toString() });
  assert.equal(checked.code, 0, `promtool: ${checked.stdout}${checked.stderr}`);

  const open = await get(host.metricsUrl, { accept: 'application/openmetrics-text' });
  assert.equal(open.headers['content-type'], openMetrics);
  assert.ok(open.body.toString().endsWith('\n# EOF\n'));

  const packed = await get(host.metricsUrl, {
    accept: 'application/openmetrics-text',
    'accept-encoding': 'gzip',
  });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  const unpacked = zlib.gunzipSync(packed.body).toString();
  assert.ok(unpacked.endsWith('\n# EOF\n'));
  assert.ok(packed.body.length * 3 < unpacked.length, 'worth the while');
});

scenario('a real Prometheus scrapes and answers', async (stage) => {
  const plain = manifest.standard();
  plain.metrics = { series_per_family: 2 }; // so that something overflows
  plain.plugins.metrics.config = { ...plain.plugins.metrics.config, openmetrics: false };
  const hosts = {
    open: await stage.start(manifest.standard()),
    text: await stage.start(plain, { folder: stage.newFolder() }),
  };
  const events = records(count);
  for (const host of Object.values(hosts)) {
    const client = await stage.connect(host.url);
    await publishAll(client, events, 64);
    // The alerts and panels of failures need one.
    await assert.rejects(client.call('bp.crypto.aead/1', 'Decrypt', { ciphertext: 'AAAA' }));
  }
  const checked = await cli.run('promtool', ['check', 'rules', rules]);
  assert.equal(checked.code, 0, `promtool: ${checked.stdout}${checked.stderr}`);

  const server = new Prometheus(stage.newFolder(), jobs(hosts));
  try {
    await server.ready();
    for (const name of Object.keys(hosts)) {
      const job = `job="backplane-${name}"`;
      const expression = `backplane_channel_published_total{${job},channel="events"}`;
      const found = await server.eventually(`${expression} in Prometheus`, async () => {
        const result = await server.query(expression);
        return result.length > 0 && result;
      });
      assert.equal(Number(found[0].value[1]), count);
      const up = await server.query(`up{${job}}`);
      assert.deepEqual(
        up.map((one) => one.value[1]),
        ['1'],
      );
    }
    // Only OpenMetrics has units: so the two were read as what they are.
    const units = await server.api('targets/metadata', { metric: 'metrics_render_seconds' });
    const unit = (job) => units.find((one) => one.target.job === job).unit;
    assert.equal(unit('backplane-open'), 'seconds');
    assert.equal(unit('backplane-text'), '');

    const known = new Set(await server.api('label/__name__/values'));
    const missing = [...named()].filter((name) => !known.has(name));
    assert.deepEqual(missing, [], 'named by the dashboard or the alerts, and not there');

    await server.eventually('the alerts to be looked at', async () => {
      const { groups } = await server.api('rules');
      const all = groups.flatMap((group) => group.rules);
      const bad = all.filter((rule) => rule.health === 'err');
      assert.deepEqual(bad, []);
      return all.length > 10 && all.every((rule) => rule.health === 'ok');
    });
  } finally {
    await server.stop();
  }
});

// The lines of one family, as OpenMetrics.
async function openLines(host, name) {
  const page = await get(host.metricsUrl, { accept: 'application/openmetrics-text' });
  return page.body.toString().split('\n').filter((line) => line.startsWith(name));
}

scenario('exemplars and times of creation reach Prometheus', async (stage) => {
  const began_s = Date.now() / 1000;
  const all = manifest.standard();
  all.plugins.metrics.config = { ...all.plugins.metrics.config, created: true };
  all.plugins.traced = { library: path.join(settings.badPlugins, 'good_traced.so') };
  const host = await stage.start(all);
  const lines = await openLines(host, 'traced_');
  const bucket = lines.filter((line) => / # \{trace_id="[0-9a-f]{32}",span_id="[0-9a-f]{16}"\} 0\.02 /.test(line));
  assert.equal(bucket.length, 1, `the bucket that 0.02 lies in: ${lines.join('\n')}`);
  const created = lines.find((line) => line.startsWith('traced_work_seconds_created{'));
  const created_s = Number(created.split(' ').pop());
  assert.ok(created_s > began_s - 1 && created_s < Date.now() / 1000 + 1, created);
  assert.deepEqual(
    (await openLines(host, 'traced_work_seconds_created')).filter((line) => line !== created),
    [],
    'it stays what it was',
  );
  const text = (await get(host.metricsUrl)).body.toString();
  assert.doesNotMatch(text, /_created|trace_id/, 'text 0.0.4 knows neither');

  const server = new Prometheus(stage.newFolder(), jobs({ open: host }));
  try {
    await server.ready();
    const exemplars = async (query) => {
      const range = { query, start: began_s - 60, end: began_s + 600 };
      return (await server.api('query_exemplars', range)).flatMap((one) => one.exemplars);
    };
    for (const [query, value] of [
      ['traced_work_seconds_bucket', '0.02'],
      ['traced_jobs_total', '3'],
    ]) {
      const found = await server.eventually(`exemplars of ${query}`, async () => {
        const list = await exemplars(query);
        return list.length > 0 && list;
      });
      assert.equal(found[0].value, value);
      assert.match(found[0].labels.trace_id, /^[0-9a-f]{32}$/);
      assert.ok(bucket[0].includes(`trace_id="${found[0].labels.trace_id}"`), 'of one trace');
    }
    const call = 'backplane_service_call_seconds_bucket{service="bp.metrics.registry/1"}';
    const called = await server.eventually('the exemplar of the traced call', async () => {
      const list = await exemplars(call);
      return list.length > 0 && list;
    });
    assert.match(called[0].labels.trace_id, /^[0-9a-f]{32}$/);
    const [when] = await server.query('traced_work_seconds_created');
    assert.equal(Number(when.value[1]), created_s);
  } finally {
    await server.stop();
  }
});
