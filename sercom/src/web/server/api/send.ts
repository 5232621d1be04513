import type { Fields } from '../fields.js';
import type { Slots } from '../limits.js';
import type { PageModel } from '../page-model.js';
import { type PacketToSend, type PageSender, SEND_FORMATS } from '../page-sender.js';
import { Refusal } from '../refusal.js';
import type { Route } from '../web-server.js';

/** The longest that a request may wait for its reply. */
const MAX_REPLY_MS = 3_600_000;

/** POST /api/send: sends a packet. */
export function sendRoute(model: PageModel, slots: Slots): Route {
  return {
    method: 'POST',
    async answer(exchange) {
      const sender = allowed(model);
      // A request may be as long as a large packet, so its body counts, too.
      if (!slots.take()) {
        throw new Refusal('busy', `${slots.used} packets are being sent; wait for them`, { 'Retry-After': '1' });
      }
      try {
        const packet = packetOf(await exchange.fields(Math.max(exchange.limits.bodyBytes, sender.maxRequestBytes)));
        // The device may accept nothing for any time.
        const answered = exchange.awaitAnswer();
        try {
          exchange.json(await sender.send(packet));
        } finally {
          answered();
        }
      } finally {
        slots.free();
      }
    },
  };

  function packetOf(fields: Fields): PacketToSend {
    const name = model.store.names.all[fields.integer('name', 0)];
    if (name === undefined) {
      throw new Refusal('body', '"name" must be the index of a connection');
    }
    return {
      name,
      format: fields.choice('format', SEND_FORMATS),
      text: fields.text('text'),
      replyTimeoutMs: fields.has('replyTimeoutMs') ? fields.integer('replyTimeoutMs', 1, MAX_REPLY_MS) : undefined,
    };
  }
}

/** @throws Refusal if the page may not send */
export function allowed({ sender }: PageModel): PageSender {
  if (sender === undefined) {
    throw new Refusal('forbidden', 'sending is not allowed; start sercom monitor with --allow-send');
  }
  return sender;
}
