import { describe, expect, it } from '@jest/globals';
import { restartUnderLoad } from './background-tasks/restarts.js';

describe('the example with background tasks', () => {
  it('loses no export and does no page twice when it is restarted under load', async () => {
    const outcome = await restartUnderLoad({ restarts: 3, clients: 4, loadMs: 150 });
    expect(outcome).toMatchObject({ lost: [], twice: [], unclean: [] });
    expect(outcome.accepted).toBeGreaterThan(12);
    expect(outcome.refused).toBeGreaterThan(0);
    expect(outcome.handedOver).toBeGreaterThan(0);
  });
});
