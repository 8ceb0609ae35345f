import { expect, it } from '@jest/globals';
import { setModuleDistance } from '../../../../src/nest/lifecycle/module-distance.js';
import type { ModulesContainer } from '@nestjs/core';

class WantedModule {}
class OtherModule {}

function modulesWith(moduleRef: object): ModulesContainer {
  return new Map([
    ['other', { metatype: OtherModule, distance: 3 }],
    ['wanted', moduleRef],
  ]) as unknown as ModulesContainer;
}

it('moves the module, and no other', () => {
  const modules = modulesWith({ metatype: WantedModule, distance: 1 });

  expect(setModuleDistance(modules, WantedModule, -1)).toBe(true);
  expect([...modules.values()].map(({ distance }) => distance)).toEqual([3, -1]);
});

it.each<[string, object]>([
  [
    'cannot be set',
    {
      metatype: WantedModule,
      get distance() {
        return 1;
      },
    },
  ],
  [
    'is not taken',
    {
      metatype: WantedModule,
      get distance() {
        return 1;
      },
      set distance(_value: number) {},
    },
  ],
  ['is not there', { metatype: WantedModule }],
  ['belongs to a module that is not there', { metatype: OtherModule, distance: 1 }],
])('says so when the distance %s', (_what, moduleRef) => {
  expect(setModuleDistance(modulesWith(moduleRef), WantedModule, -1)).toBe(false);
});
