import { connect as connectTls } from 'node:tls';
import { connect as connectTcp } from 'node:net';
import { connect as h2 } from 'node:http2';
import { tlsMaterialFrom } from './src/edge/tls-material.ts';
import { createTlsServer } from './src/edge/tls-server.ts';
import { createOnePortServer } from './src/edge/listen.ts';
import { createTestCa, issueServerCertificate } from './test/support/test-certificates.ts';
const plain = process.argv[2] === 'plain';
const ca = await createTestCa(); const pair = await issueServerCertificate(ca);
const tls = createTlsServer({ material: tlsMaterialFrom({ ...pair, clientCa: ca.cert }), minVersion: 'TLSv1.2', clientAuth: 'optional', onFailure: () => {} });
const server = createOnePortServer((req, res) => { res.end('x'.repeat(Math.floor(Math.random() * 200000))); }, { tls });
const { port } = await server.listen(0, '127.0.0.1');
const rnd = (n: number) => Math.floor(Math.random() * n);
const wait = (ms: number) => new Promise((r) => setTimeout(r, ms));
async function one(kind: number, how: number) {
  const raw = connectTcp(port, '127.0.0.1'); raw.on('error', () => {});
  let t: any = raw;
  if (!plain) { t = connectTls({ socket: raw, ca: ca.cert, servername: 'localhost', ALPNProtocols: kind < 1 ? ['h2'] : ['http/1.1'] }); t.on('error', () => {});
  await new Promise<void>((r) => { t.once('secureConnect', r); t.once('close', r); }); }
  if (kind === 0) { const s = h2(plain ? 'http://localhost' : 'https://localhost', { createConnection: () => t }); s.on('error', () => {}); for (let k = 0; k < 20; k++) { const r = s.request({ ':path': '/' }); r.on('error', () => {}); r.resume(); if (rnd(4) === 0) setTimeout(() => r.close(8), rnd(5)); } }
  else if (kind === 1) { t.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.slice(0, 20)); t.resume(); }
  else { t.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'); t.resume(); }
  await wait(rnd(60)); if (how) raw.resetAndDestroy(); else raw.destroy();
}
for (const kind of [0, 1, 2]) for (const how of [0, 1]) {
  await Promise.all(Array.from({ length: 10 }, () => one(kind, how)));
  await wait(300);
  console.log(plain ? 'plain' : 'tls', ['h2', 'half h1', 'h1'][kind], how ? 'reset' : 'fin', 'left', server.connectionCount());
}
const t0 = performance.now();
console.log(await server.shutdown(3000), performance.now() - t0);
