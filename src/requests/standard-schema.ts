import { invalidOption } from '../options.js';

/**
 * A validator with the interface of [Standard Schema](https://standardschema.dev), version 1, which Zod, Valibot, ArkType
 * and others have.
 *
 * @typeParam Output - what the validator returns
 */
export interface StandardSchema<Output> {
  readonly '~standard': {
    readonly version: 1;
    /** Checks a value. May return another one, for example with defaults filled in. A channel accepts no promise. */
    validate(value: unknown): SchemaResult<Output> | PromiseLike<SchemaResult<Output>>;
  };
}

/** The value that a validator returns, or what it finds wrong. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that a validator finds wrong. */
export interface SchemaIssue {
  readonly message: string;
  /** Where it is: the keys that lead to it. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * Returns what a schema makes of a value.
 *
 * @throws Error if the schema rejects the value. The message lists the issues, and `cause` holds them.
 * @throws InvalidArgumentError (`INVALID_OPTION`) if the schema returns a promise
 */
export function validate<Output>(schema: StandardSchema<Output>, value: unknown): Output {
  const result = schema['~standard'].validate(value);
  if (isPromise(result)) {
    throw invalidOption('the schema returned a promise; use a schema without asynchronous checks');
  }
  if (result.issues !== undefined) {
    const issues = result.issues.map(describeIssue).join('; ');
    throw new Error(`the message does not match the schema: ${issues}`, { cause: result.issues });
  }
  return result.value;
}

/** Whether a value is a promise. If so, its rejection does not become an uncaught exception. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  if (typeof (value as PromiseLike<unknown> | null | undefined)?.then !== 'function') {
    return false;
  }
  Promise.resolve(value).catch(() => {});
  return true;
}

/** For example `joints[2].degrees: Expected number but received "a"`. */
function describeIssue({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((step) => (typeof step === 'object' ? step.key : step));
  const place = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return place === '' ? message : `${place.replace(/^\./, '')}: ${message}`;
}
