import { losesNothing, survivesItsBroker } from './microservices.js';

losesNothing('mqtt');
survivesItsBroker('mqtt');
