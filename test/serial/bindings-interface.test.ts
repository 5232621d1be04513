// The library declares the types of `@serialport/bindings-interface` itself, because only TypeScript 5.3 and later can
// import them into an ES module. `npm run types` compares the two.
import { expectTypeOf, test } from 'vitest';
import type { PortInfo, PortOpenOptions, ReadPort } from '../../src/index.js';
import type { SerialPortBinding } from '../../src/testing/index.js';

type Theirs<Name extends 'info' | 'options' | 'port' | 'binding'> = {
  info: import('@serialport/bindings-interface', { with: { 'resolution-mode': 'require' }}).PortInfo;
  options: import('@serialport/bindings-interface', { with: { 'resolution-mode': 'require' }}).OpenOptions;
  port: import('@serialport/bindings-interface', { with: { 'resolution-mode': 'require' }}).BindingPortInterface;
  binding: import('@serialport/bindings-interface', { with: { 'resolution-mode': 'require' }}).BindingInterface;
}[Name];

test('the types of bindings and ports are those of @serialport/bindings-interface', () => {
  expectTypeOf<PortInfo>().toExtend<Theirs<'info'>>();
  expectTypeOf<Theirs<'info'>>().toExtend<PortInfo>();
  expectTypeOf<PortOpenOptions>().toEqualTypeOf<Theirs<'options'>>();
  expectTypeOf<ReadPort>().toExtend<Theirs<'port'>>();
  expectTypeOf<Theirs<'port'>>().toExtend<ReadPort>();
  expectTypeOf<SerialPortBinding>().toExtend<Theirs<'binding'>>();
  expectTypeOf<Theirs<'binding'>>().toExtend<SerialPortBinding>();
});
