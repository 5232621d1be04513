import type { Binding } from '../serial/binding.js';

const pathsOf = new WeakMap<Binding, () => readonly string[]>();

/** Notes which paths a binding can ever have, including those of unplugged devices. Returns the binding. */
export function withKnownPaths<BindingType extends Binding>(
  binding: BindingType,
  paths: () => readonly string[],
): BindingType {
  pathsOf.set(binding, paths);
  return binding;
}

/** Returns every path that the binding can ever have, or undefined if it is not a binding of this module. */
export function knownPaths(binding: Binding): readonly string[] | undefined {
  return pathsOf.get(binding)?.();
}
