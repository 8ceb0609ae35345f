'use strict';
const path = require('node:path');

const BRIDGED = {
  '@nestjs/common': path.join(__dirname, 'bridge.common.cjs'),
  '@nestjs/core': path.join(__dirname, 'bridge.core.cjs'),
};

/** @type {import('jest-resolve').SyncResolver} */
module.exports = (request, options) =>
  options.conditions?.includes('require') && Object.hasOwn(BRIDGED, request)
    ? BRIDGED[request]
    : options.defaultResolver(request, options);
