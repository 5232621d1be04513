/** A connection has lost its port, or has got one again. */
export interface PortEvent {
  /** In microseconds since 1970 (UTC). */
  timeUs: number;
  /** The name of the connection. */
  name: string;
  isConnected: boolean;
  /** For people: `connected (PATH)`, or why the port is gone. */
  text: string;
}
