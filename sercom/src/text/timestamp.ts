const US_PER_SECOND = 1_000_000;

/** Three digits for each number below 1,000. */
const THREE_DIGITS = Array.from({ length: 1_000 }, (_, number) => String(number).padStart(3, '0'));

/**
 * Makes a function that formats times in microseconds since 1970: the text of their second, and six digits for the rest.
 * Most records are in the same second as the one before, so its text is kept.
 *
 * @param secondText - formats a second since 1970
 */
export function withMicroseconds(secondText: (second: number) => string): (timeUs: number) => string {
  let startUs = Number.NaN;
  let text = '';
  return (timeUs) => {
    let micros = timeUs - startUs;
    if (!(micros >= 0 && micros < US_PER_SECOND)) {
      micros = timeUs % US_PER_SECOND;
      startUs = timeUs - micros;
      text = secondText(startUs / US_PER_SECOND);
    }
    return text + sixDigits(micros);
  };
}

/** Formats a time as seconds since 1970. */
export const epochTime = withMicroseconds((second) => `${second}.`);

/** The microseconds of a time since 1970, within its second, as six digits. */
export function microsecondDigits(timeUs: number): string {
  return sixDigits(timeUs % US_PER_SECOND);
}

function sixDigits(micros: number): string {
  const millis = Math.floor(micros / 1_000);
  return THREE_DIGITS[millis]! + THREE_DIGITS[micros - 1_000 * millis]!;
}
