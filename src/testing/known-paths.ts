import type { Binding } from '../serial/binding.js';

/** The bindings of this folder know from the beginning which ports they will ever have. Those of others do not tell. */
const pathsOf = new WeakMap<Binding, () => readonly string[]>();

/** Notes which paths a binding has, also those of devices that are not plugged in, and gives it back. */
export function withKnownPaths(binding: Binding, paths: () => readonly string[]): Binding {
  pathsOf.set(binding, paths);
  return binding;
}

/** Every path that the binding has or can have, or `undefined` if nobody knows. */
export function knownPaths(binding: Binding): readonly string[] | undefined {
  return pathsOf.get(binding)?.();
}
