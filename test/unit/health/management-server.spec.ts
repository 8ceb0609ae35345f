import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from '@jest/globals';
import { ManagementServer } from '../../../src/health/management-server.js';
import { OpenHandles } from '../../../src/testing/open-handles.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';

guardAgainstLeaks();

it('does not keep the process alive, nor do its connections', async () => {
  const server = new ManagementServer({ port: 0, host: '127.0.0.1' });
  const handles = new OpenHandles();
  const url = new URL((await server.listen())!);
  const client = connect(Number(url.port), url.hostname);
  client.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [answer] = (await once(client, 'data')) as [Buffer];
  client.unref();

  expect(String(answer)).toContain('HTTP/1.1 404 Not Found');
  expect(handles.describe()).toEqual([]);
  handles.dispose();
  client.destroy();
  await server.close();
});
