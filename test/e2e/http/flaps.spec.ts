import { expect, it } from '@jest/globals';
import { FlappingApplication } from '../../support/http/flapping.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { ADAPTERS } from '../nest/applications.js';

guardAgainstLeaks();

/** 10 000 of them, with the heap: `npm run bench -- flaps`. */
const FLAPS = 200;

it.each(ADAPTERS)(
  `leaves nothing behind on $adapter when it announces and resumes ${FLAPS} times`,
  async ({ create }) => {
    const untouched = await FlappingApplication.start(create());
    const expected = await untouched.finish();
    const app = await FlappingApplication.start(create());
    const before = { traces: app.traces(), received: app.received };

    await app.flap(FLAPS);

    expect({ traces: app.traces(), received: app.received }).toEqual(before);
    expect(await app.finish()).toEqual(expected);
    expect(expected).toHaveLength(5);
  },
);
