/** A range of time with both its ends. */
export interface TimeRange {
  readonly fromUs: number;
  readonly toUs: number;
}
