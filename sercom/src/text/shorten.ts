/** The start of a text that may be as long as a packet, for messages. */
export function shorten(text: string, maxCharacters = 60): string {
  // A character is one or two code units.
  const characters = [...text.slice(0, 2 * maxCharacters + 2)];
  return characters.length > maxCharacters ? `${characters.slice(0, maxCharacters).join('')}…` : text;
}
