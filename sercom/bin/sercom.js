#!/usr/bin/env node
// Committed rather than built: npm links a command only if its file exists at install time.
// Before the rest is loaded, so that process 1 of a container can be stopped at any time.
import '../dist/interruption.js';

await import('../dist/sercom.js');
