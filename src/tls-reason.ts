/** What Node.js 26 adds to the reason. It is advice to whoever starts Node.js, and our messages have their own. */
const ADVICE_OF_NODE = /; if the root CA is installed locally, .*$/s;

/** Why TLS failed. Of OpenSSL, the message is the place in its source, and the reason a field of the error. */
export function tlsReason(error: NodeJS.ErrnoException & { reason?: unknown }): string {
  const { code, message, reason } = error;
  // Only of this error of Node.js, the reason is a part of the message.
  const isWhole = typeof reason === 'string' && code !== 'ERR_TLS_CERT_ALTNAME_INVALID';
  return (isWhole ? reason : message).replace(ADVICE_OF_NODE, '').trim();
}
