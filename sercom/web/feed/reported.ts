/**
 * Calls page code that others wait behind: its fault is reported as one, to the user and in the console, and neither keeps
 * others from what they are to get nor is taken for one of the connection.
 */
export function reported(act: () => void): void {
  try {
    act();
  } catch (error) {
    reportError(error);
  }
}
