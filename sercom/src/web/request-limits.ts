/** What a request may ask for at most. The page keeps to it, so that it is refused nothing. See `docs/web.md`. */

/** The most rows of an answer. */
export const MAX_ROWS = 500;

/** The longest filter, and the longest text to find. */
export const FILTER_CHARACTERS = 10_000;

/** The most series of a plot. */
export const MAX_PLOT_SERIES = 64;

/** The most columns of pixels of a plot. */
export const MAX_COLUMNS = 4_000;
