import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { ShutdownCoordinator, type ShutdownReport } from 'nestjs-drain';
import { AppModule, Database } from '../src/app.module.js';

describe('an application under its own Jest', () => {
  it('drains before it is destroyed when it is closed', async () => {
    const moduleRef = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = moduleRef.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const database = app.get(Database);
    const coordinator = app.get(ShutdownCoordinator);
    let wasOpenInDrain: boolean | undefined;
    coordinator.register({ name: 'orders', drain: () => void (wasOpenInDrain = database.isOpen) });

    await app.close();

    const report: ShutdownReport | undefined = coordinator.report;
    expect(report?.status).toBe('completed');
    expect(wasOpenInDrain).toBe(true);
    expect(database.isOpen).toBe(false);
  });
});
