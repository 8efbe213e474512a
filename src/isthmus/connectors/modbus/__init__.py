"""Modbus TCP: blocks of registers and coils, read in as few requests as the device allows."""

from isthmus.connectors.modbus.address import ModbusAddress
from isthmus.connectors.modbus.config import Modbus

__all__ = ["Modbus", "ModbusAddress"]
