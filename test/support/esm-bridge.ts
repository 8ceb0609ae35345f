/**
 * Jest supports require(esm) only on Node >= 24.9. CommonJS packages that require() Nest (ESM since 12)
 * get the ESM namespace that is already there, through resolver.cjs and bridge.*.cjs: the same instance, on any Node.
 */
import * as common from '@nestjs/common';
import * as commonConstants from '@nestjs/common/constants.js';
import * as core from '@nestjs/core';
import * as injectorConstants from '@nestjs/core/injector/constants.js';

(globalThis as Record<string, unknown>)['__esmBridge'] = {
  '@nestjs/common': common,
  '@nestjs/core': core,
  '@nestjs/common/constants': commonConstants,
  '@nestjs/core/injector/constants': injectorConstants,
};
