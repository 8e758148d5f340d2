import { expect, it } from 'vitest';
import { UsedStates } from '../../../src/oauth/authorization-code/used-states.js';

it('remembers each state until it expires, however many follow', () => {
  const used = new UsedStates();
  const lifetime = 600;
  for (let now = 0; now < 5_000; now++) {
    const state = `state ${now}`;
    expect(used.has(state)).toBe(false);
    used.add(state, now + lifetime, now);
    expect(used.has(state)).toBe(true);
    expect(used.has(`state ${Math.max(0, now - lifetime + 1)}`)).toBe(true);
  }
});

it('forgets states after they have expired', () => {
  const used = new UsedStates();
  used.add('first', 600, 0);
  for (const now of [700, 1_400, 2_100]) used.add(`state ${now}`, now + 600, now);
  expect(used.has('first')).toBe(false);
});

it('remembers a state that expires later than those after it', () => {
  const used = new UsedStates();
  used.add('long', 10_000, 0);
  for (let now = 0; now < 9_000; now += 100) used.add(`state ${now}`, now + 10, now);
  expect(used.has('long')).toBe(true);
});
