import type { ModulesContainer } from '@nestjs/core';
import type { Type } from '@nestjs/common';

/**
 * Moves a module to an end of the order in which Nest calls hooks: destroy and shutdown hooks go by ascending
 * distance, init and bootstrap hooks by descending distance.
 *
 * `Module.distance` has a public setter but no documentation, so it is checked before and after.
 *
 * @returns whether Nest accepted it
 */
export function setModuleDistance(modules: ModulesContainer, moduleType: Type, distance: number): boolean {
  const moduleRef = [...modules.values()].find(({ metatype }) => metatype === moduleType);
  if (!moduleRef || typeof moduleRef.distance !== 'number') return false;
  return Reflect.set(moduleRef, 'distance', distance) && moduleRef.distance === distance;
}
