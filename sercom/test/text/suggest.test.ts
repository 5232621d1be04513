import { describe, expect, test } from 'vitest';
import { similar } from '../../src/text/suggest.js';

describe('similar', () => {
  test.each([
    ['/dev/ttyACM1', ['/dev/ttyS0', '/dev/ttyACM0', '/dev/ttyUSB0'], '/dev/ttyACM0'],
    ['/dev/ttyAMC0', ['/dev/ttyS0', '/dev/ttyACM0'], '/dev/ttyACM0'],
    ['bnech', ['desk', 'bench'], 'bench'],
    ['x', ['bench'], undefined],
    ['/dev/ttyACM9', ['/dev/ttyS0'], undefined],
    ['/dev/ttyUSB0', ['/dev/ttyACM0', '/dev/ttyS0'], undefined],
    ['/dev/ttyS1', ['/dev/ttyS0'], '/dev/ttyS0'],
    ['c', ['a', 'b'], undefined],
    ['ac', ['ab', 'b'], undefined],
    ['amr', ['leg', 'arm'], 'arm'],
    ['monitr', ['list', 'monitor'], 'monitor'],
    ['cuont', ['count'], 'count'],
    ['no-recconnet', ['reconnect', 'no-reconnect'], 'no-reconnect'],
    ['ports', ['list'], undefined],
    ['bench', [], undefined],
  ] as const)('%s among %j is %s', (word, candidates, closest) => {
    expect(similar(word, candidates)).toBe(closest);
  });
});
