import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** An authority, and a certificate of it for 127.0.0.1 and one for a client: files in a folder, and their text. */
export interface Certificates {
  readonly files: { ca: string; cert: string; key: string };
  readonly ca: string;
  readonly client: { cert: string; key: string };
}

/** Makes certificates that are valid for a day. Needs `openssl`. */
export function makeCertificates(folder: string): Certificates {
  const file = (name: string) => path.join(folder, name);
  const openssl = (...parameters: string[]) => execFileSync('openssl', parameters, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test authority');
  for (const [name, extension] of [
    ['server', 'subjectAltName=IP:127.0.0.1'],
    ['client', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-addext', extension];
    openssl(
      'req',
      '-x509',
      ...newKey,
      ...signed,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-subj',
      `/CN=${name}`,
    );
  }
  const text = (name: string) => readFileSync(file(name), 'utf8');
  return {
    files: { ca: file('ca.pem'), cert: file('server.pem'), key: file('server.key') },
    ca: text('ca.pem'),
    client: { cert: text('client.pem'), key: text('client.key') },
  };
}
