import { losesNothing, survivesItsBroker } from './microservices.js';

losesNothing('redis');
survivesItsBroker('redis');
