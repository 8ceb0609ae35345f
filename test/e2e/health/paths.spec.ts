import { Controller, Get } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { SpecialRoutes } from '../../../src/health/special-routes.js';
import { guardAgainstLeaks } from '../../support/leak-guard.js';
import { closeAll, start, type Adapter } from './health-application.js';
import type { RequestListener, Server } from 'node:http';

const ENGINES = [
  { name: 'Express', create: () => new ExpressAdapter() },
  {
    name: 'Express, case-sensitive and strict',
    create: () => {
      const application = express();
      application.enable('case sensitive routing');
      application.enable('strict routing');
      return new ExpressAdapter(application);
    },
  },
  { name: 'Fastify', create: () => new FastifyAdapter() },
  {
    name: 'Fastify, as lenient as it can be',
    create: () =>
      new FastifyAdapter({
        routerOptions: { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
        useSemicolonDelimiter: true,
      }),
  },
] as const;

const TARGETS = [
  '/own/ready',
  '/own/ready/',
  '/own/ready//',
  '/OWN/Ready',
  '//own/ready',
  '/own//ready',
  '/own/ready?full=1',
  '/own/ready#full',
  '/own/ready/?full=1',
  '/own/ready;full=1',
  '/own/read%79',
  '/%6fwn/ready',
  '/own%2Fready',
  '/own/ready%2F',
  '/own/ready%',
  '/own/./ready',
  '/own/x/../ready',
  '/own/ready/x',
  'http://host.example/own/ready',
  'http://host.example/own/ready?full=1',
  'http://host.example//own/ready',
  'https://user@host.example:8443/own/ready',
  'ftp://host.example/own/ready',
  'http://host.example',
  '*',
  'own/ready',
];

@Controller('own')
class OwnController {
  @Get('ready')
  ready(): string {
    return 'own readiness';
  }
}

describe.each(ENGINES)('on $name', (engine) => {
  afterEach(closeAll);
  guardAgainstLeaks();

  it('a target is a readiness route, and exempt, if the engine routes it there', async () => {
    const { app, ask, coordinator } = await start(engine as unknown as Adapter, {
      controllers: [OwnController],
      options: { health: { readinessPaths: ['/own/ready'] } },
    });
    const server = app.getHttpServer() as Server;
    const gate = app.get(SpecialRoutes);
    const answers = async (): Promise<Record<string, number>> => {
      const entries: [string, number][] = [];
      for (const target of TARGETS) entries.push([target, (await ask('GET', target)).status]);
      return Object.fromEntries(entries);
    };
    const before = await answers();
    const listeners = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      if (!gate.refuses(request, response)) for (const listener of listeners) listener(request, response);
    });
    coordinator.announce();

    const expected = Object.entries(before).map(([target, status]) => [
      target,
      status === 200 ? 503 : status,
    ]);
    expect(await answers()).toEqual(Object.fromEntries(expected));
    expect(before).toMatchObject({ '/own/ready': 200, 'http://host.example/own/ready': 200, '*': 404 });
    expect(TARGETS.filter((target) => gate.isExempt('GET', target))).toEqual(
      TARGETS.filter((target) => before[target] === 200),
    );
  });
});
