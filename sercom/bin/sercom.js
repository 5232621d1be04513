#!/usr/bin/env node
// Committed rather than built: npm links a command only if its file exists at install time.
import '../dist/sercom.js';
