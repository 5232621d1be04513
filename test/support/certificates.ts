import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A key and its self-signed certificate, in files. Needs `openssl`. */
export class Certificate {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'certificate-'));
  readonly keyFile = path.join(this.#folder, 'key.pem');
  readonly certFile = path.join(this.#folder, 'cert.pem');

  /** @param name - of the host, which also has the address 127.0.0.1 */
  constructor(name: string) {
    const request = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${name}`;
    const names = ['-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`];
    const files = ['-keyout', this.keyFile, '-out', this.certFile];
    execFileSync('openssl', [...request.split(' '), ...names, ...files], { stdio: 'pipe' });
  }

  get key(): string {
    return readFileSync(this.keyFile, 'utf8');
  }

  get cert(): string {
    return readFileSync(this.certFile, 'utf8');
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
