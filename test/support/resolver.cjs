'use strict';
const path = require('node:path');

const BRIDGED = {
  '@nestjs/common': path.join(__dirname, 'bridge.common.cjs'),
  '@nestjs/core': path.join(__dirname, 'bridge.core.cjs'),
  '@nestjs/common/constants': path.join(__dirname, 'bridge.common.constants.cjs'),
  '@nestjs/core/injector/constants': path.join(__dirname, 'bridge.core.injector.constants.cjs'),
};

/** @type {import('jest-resolve').SyncResolver} */
module.exports = (request, options) =>
  options.conditions?.includes('require') && Object.hasOwn(BRIDGED, request)
    ? BRIDGED[request]
    : options.defaultResolver(request, options);
