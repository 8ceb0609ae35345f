module.exports = globalThis.__esmBridge['@nestjs/core/injector/constants'];
