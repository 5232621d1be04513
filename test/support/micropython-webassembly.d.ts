/** What the tests use of MicroPython for WebAssembly, which has no types of its own. */
declare module '@micropython/micropython-webassembly-pyscript' {
  /** Loads an interpreter. A process can have only one. */
  export function loadMicroPython(options: {
    heapsize?: number;
    linebuffer?: boolean;
    stdout?: (line: string) => void;
  }): Promise<{
    FS: { writeFile(path: string, content: string | Uint8Array): void };
    globals: { get(name: string): unknown };
    runPython(code: string): unknown;
  }>;
}
