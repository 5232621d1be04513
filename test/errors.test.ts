import { describe, expect, test } from 'vitest';
import {
  AttributeError,
  CommunicatorError,
  ConnectionError,
  FrameError,
  IllegalStateAction,
  InitializeError,
  InvalidArgumentError,
  KeyError,
} from '../src/index.js';

const cause = new Error('cause');
const lost = new ConnectionError('CONNECTION_LOST', 'arm', 'arm is lost', { cause });
const busy = new ConnectionError('PORT_BUSY', 'leg', 'leg is busy');

describe('every error has its name and its code', () => {
  test.each([
    [new IllegalStateAction('message'), IllegalStateAction, 'IllegalStateAction', 'ILLEGAL_STATE'],
    [new KeyError('message'), KeyError, 'KeyError', 'KEY_ERROR'],
    [new AttributeError('message'), AttributeError, 'AttributeError', 'ATTRIBUTE_ERROR'],
    [new FrameError('message'), FrameError, 'FrameError', 'MALFORMED_FRAME'],
    [
      new InvalidArgumentError('PACKET_TOO_LARGE', 'message'),
      InvalidArgumentError,
      'InvalidArgumentError',
      'PACKET_TOO_LARGE',
    ],
    [new ConnectionError('OPEN_TIMEOUT', 'arm', 'message'), ConnectionError, 'ConnectionError', 'OPEN_TIMEOUT'],
  ])('%s', (error, type, name, code) => {
    expect(error).toBeInstanceOf(type);
    expect(error).toBeInstanceOf(CommunicatorError);
    expect(error).toBeInstanceOf(Error);
    expect({ name: error.name, code: error.code, message: error.message }).toEqual({ name, code, message: 'message' });
    expect(String(error)).toBe(`${name}: message`);
  });
});

test('a ConnectionError has the name of the connection and the cause', () => {
  expect(lost).toMatchObject({ connection: 'arm', cause });
  expect('cause' in busy).toBe(false);
});

test('an InitializeError has one error for each connection, and a message with all theirs', () => {
  const error = new InitializeError([lost, busy]);
  expect(error).toMatchObject({
    name: 'InitializeError',
    code: 'INITIALIZE_FAILED',
    errors: [lost, busy],
    cause: lost,
  });
  expect(error.message).toBe('cannot open 2 connections:\n  arm is lost\n  leg is busy');
  expect(new InitializeError([busy]).message).toBe('cannot open 1 connection:\n  leg is busy');
});
